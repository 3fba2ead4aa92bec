import { mount } from 'svelte';
import App from './shell/App.svelte';
import './app.css';
import './exercises/drill.css';

const target = document.getElementById('app');
if (target) mount(App, { target });
